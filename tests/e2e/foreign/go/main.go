// A greeter and its client, as somebody might have written them: one static program for an image without a shell.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/examples/helloworld/helloworld"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

var (
	serve       = flag.String("serve", "", "listen on this address")
	metrics     = flag.String("metrics", "", "serve /metrics on this address")
	age         = flag.Duration("max-age", 0, "end connections after this time")
	target      = flag.String("call", "", "call this target")
	policy      = flag.String("policy", "", "load balancing policy, such as round_robin")
	rate        = flag.Float64("rate", 50, "calls a second")
	connections = flag.Int("connections", 1, "connections, used in turns")
	each        = flag.Bool("dial-each", false, "a connection for each call")
)

type greeter struct {
	pb.UnimplementedGreeterServer
	calls atomic.Int64
}

func (g *greeter) SayHello(_ context.Context, in *pb.HelloRequest) (*pb.HelloReply, error) {
	g.calls.Add(1)
	name, _ := os.Hostname()
	return &pb.HelloReply{Message: name + " greets " + in.GetName()}, nil
}

func (g *greeter) tell(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "# TYPE grpc_server_started_total counter\n")
	fmt.Fprintf(w, "grpc_server_started_total{grpc_method=\"SayHello\",grpc_service=\"helloworld.Greeter\",grpc_type=\"unary\"} %d\n", g.calls.Load())
	fmt.Fprintf(w, "grpc_server_started_total{grpc_method=\"Check\",grpc_service=\"grpc.health.v1.Health\",grpc_type=\"unary\"} 7\n")
}

func listen() {
	socket, err := net.Listen("tcp", *serve)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: *age, MaxConnectionAgeGrace: time.Second}))
	g := &greeter{}
	pb.RegisterGreeterServer(server, g)
	healthpb.RegisterHealthServer(server, health.NewServer())
	if *metrics != "" {
		http.HandleFunc("/metrics", g.tell)
		go func() { log.Fatal(http.ListenAndServe(*metrics, nil)) }()
	}
	log.Fatal(server.Serve(socket))
}

func dial() *grpc.ClientConn {
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if *policy != "" {
		options = append(options, grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig":[{%q:{}}]}`, *policy)))
	}
	conn, err := grpc.NewClient(*target, options...)
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

func call() {
	var conns []*grpc.ClientConn
	for i := 0; i < *connections; i++ {
		conns = append(conns, dial())
	}
	var done, failed atomic.Int64
	var flying sync.WaitGroup
	tick := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	told := time.Now()
	for n := 0; ; n++ {
		<-tick.C
		flying.Add(1)
		go func(conn *grpc.ClientConn) {
			defer flying.Done()
			if *each {
				conn = dial()
				defer conn.Close()
			}
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			if _, err := pb.NewGreeterClient(conn).SayHello(ctx, &pb.HelloRequest{Name: "world"}); err != nil {
				failed.Add(1)
			} else {
				done.Add(1)
			}
		}(conns[n%len(conns)])
		if time.Since(told) > time.Second {
			told = time.Now()
			fmt.Printf("calls %d failed %d\n", done.Load(), failed.Load())
		}
	}
}

func main() {
	flag.Parse()
	switch {
	case *serve != "":
		listen()
	case *target != "":
		call()
	default:
		log.Fatal("give -serve or -call")
	}
}
