package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	echopb "google.golang.org/grpc/examples/features/proto/echo"
	pb "google.golang.org/grpc/examples/helloworld/helloworld"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

type greeter struct {
	pb.UnimplementedGreeterServer
	echopb.UnimplementedEchoServer
	calls, streams atomic.Int64
}

func (g *greeter) SayHello(_ context.Context, in *pb.HelloRequest) (*pb.HelloReply, error) {
	g.calls.Add(1)
	name, _ := os.Hostname()
	return &pb.HelloReply{Message: name + " greets " + in.GetName()}, nil
}

func (g *greeter) BidirectionalStreamingEcho(stream echopb.Echo_BidirectionalStreamingEchoServer) error {
	g.streams.Add(1)
	for {
		in, err := stream.Recv()
		if err != nil {
			return nil
		}
		if err := stream.Send(&echopb.EchoResponse{Message: in.GetMessage()}); err != nil {
			return err
		}
	}
}

func (g *greeter) tell(w http.ResponseWriter, _ *http.Request) {
	const line = "grpc_server_started_total{grpc_method=%q,grpc_service=%q,grpc_type=%q} %d\n"
	fmt.Fprintf(w, "# TYPE grpc_server_started_total counter\n")
	fmt.Fprintf(w, line, "SayHello", "helloworld.Greeter", "unary", g.calls.Load())
	fmt.Fprintf(w, line, "BidirectionalStreamingEcho", "grpc.examples.echo.Echo", "bidi_stream", g.streams.Load())
	fmt.Fprintf(w, line, "Check", "grpc.health.v1.Health", "unary", 7)
}

func listen() {
	socket, err := net.Listen("tcp", *serve)
	if err != nil {
		log.Fatal(err)
	}
	ages := keepalive.ServerParameters{MaxConnectionAge: *age, MaxConnectionAgeGrace: time.Second}
	options := []grpc.ServerOption{grpc.KeepaliveParams(ages)}
	if *encrypted {
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(certificate())))
	}
	server := grpc.NewServer(options...)
	g := &greeter{}
	pb.RegisterGreeterServer(server, g)
	echopb.RegisterEchoServer(server, g)
	healthpb.RegisterHealthServer(server, health.NewServer())
	if *metrics != "" {
		http.HandleFunc("/metrics", g.tell)
		go func() { log.Fatal(http.ListenAndServe(*metrics, nil)) }()
	}
	log.Fatal(server.Serve(socket))
}
