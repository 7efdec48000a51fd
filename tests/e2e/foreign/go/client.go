package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	echopb "google.golang.org/grpc/examples/features/proto/echo"
	pb "google.golang.org/grpc/examples/helloworld/helloworld"
)

// sender makes one call, or sends one message and waits for its answer.
type sender func(text string) error

func spoken() credentials.TransportCredentials {
	if *encrypted {
		return credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})
	}
	return insecure.NewCredentials()
}

func dial() *grpc.ClientConn {
	options := []grpc.DialOption{grpc.WithTransportCredentials(spoken())}
	if *policy != "" {
		options = append(options, grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig":[{%q:{}}]}`, *policy)))
	}
	conn, err := grpc.NewClient(*target, options...)
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

func unary(conn *grpc.ClientConn) sender {
	return func(text string) error {
		if *each {
			conn = dial()
			defer conn.Close()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_, err := pb.NewGreeterClient(conn).SayHello(ctx, &pb.HelloRequest{Name: text})
		return err
	}
}

// streamed opens its stream anew when it has ended.
func streamed(conn *grpc.ClientConn) sender {
	var now echopb.Echo_BidirectionalStreamingEchoClient
	var one sync.Mutex
	return func(text string) (err error) {
		one.Lock()
		defer one.Unlock()
		if now == nil {
			if now, err = echopb.NewEchoClient(conn).BidirectionalStreamingEcho(context.Background()); err != nil {
				now = nil
				return err
			}
		}
		if err = now.Send(&echopb.EchoRequest{Message: text}); err == nil {
			_, err = now.Recv()
		}
		if err != nil {
			now = nil
		}
		return err
	}
}

func call() {
	var senders []sender
	for i := 0; i < *connections; i++ {
		if *stream {
			senders = append(senders, streamed(dial()))
		} else {
			senders = append(senders, unary(dial()))
		}
	}
	var done, failed atomic.Int64
	var last atomic.Pointer[error]
	go func() {
		for range time.Tick(time.Second) {
			if err := last.Swap(nil); err != nil {
				fmt.Println(*err)
			}
			fmt.Printf("calls %d failed %d\n", done.Load(), failed.Load())
		}
	}()
	text, turn := strings.Repeat("x", *size), time.NewTicker(time.Duration(float64(time.Second) / *rate))
	for n := int64(0); *enough == 0 || n < *enough; n++ {
		<-turn.C
		go func(send sender) {
			if err := send(text); err != nil {
				failed.Add(1)
				last.Store(&err)
			} else {
				done.Add(1)
			}
		}(senders[n%int64(len(senders))])
	}
	select {}
}
