// Makes a pool of workers and releases it: the goroutine that tells it the time went on.
package main

import (
	"field/steady"
	"github.com/panjf2000/ants/v2"
)

func main() {
	steady.Run(func() {
		pool, err := ants.NewPool(10)
		if err != nil {
			panic(err)
		}
		pool.Release()
	})
}
