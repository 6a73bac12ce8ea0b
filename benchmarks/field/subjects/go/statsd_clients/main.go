// Makes a client and closes it: one of its two goroutines went on, and held its buffers.
package main

import (
	"field/steady"
	"github.com/DataDog/datadog-go/statsd"
)

func main() {
	steady.Run(func() {
		client, err := statsd.New("127.0.0.1:9")
		if err != nil {
			panic(err)
		}
		client.Close()
	})
}
