// Makes a cache and closes it: its ticker went on.
package main

import (
	"field/steady"
	"github.com/dgraph-io/ristretto"
)

func main() {
	steady.Run(func() {
		cache, err := ristretto.NewCache(&ristretto.Config{NumCounters: 100, MaxCost: 100, BufferItems: 64})
		if err != nil {
			panic(err)
		}
		cache.Set("key", "value", 1)
		cache.Close()
	})
}
