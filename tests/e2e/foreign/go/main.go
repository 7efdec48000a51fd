// A greeter and its client, as somebody might have written them: one static program for an image without a shell.
package main

import (
	"flag"
	"log"
)

var (
	serve       = flag.String("serve", "", "listen on this address")
	metrics     = flag.String("metrics", "", "serve /metrics on this address")
	age         = flag.Duration("max-age", 0, "end connections after this time")
	target      = flag.String("call", "", "call this target")
	policy      = flag.String("policy", "", "load balancing policy, such as round_robin")
	rate        = flag.Float64("rate", 50, "calls (or messages of a stream) a second")
	connections = flag.Int("connections", 1, "connections, used in turns")
	each        = flag.Bool("dial-each", false, "a connection for each call")
	enough      = flag.Int64("calls", 0, "fall silent after so many calls, and keep the connections; 0: never")
	size        = flag.Int("size", 5, "bytes of a message")
	encrypted   = flag.Bool("tls", false, "speak TLS: with a certificate made at the start, which no client looks at")
	stream      = flag.Bool("stream", false, "a message of one long stream a connection in place of each call")
)

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
