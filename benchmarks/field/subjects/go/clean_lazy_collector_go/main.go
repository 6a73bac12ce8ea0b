// Allocates with a lazy collector: the heap may become five times what is alive before it is collected.
package main

import (
	"runtime/debug"

	"field/steady"
)

var alive [2000][]byte

func main() {
	debug.SetGCPercent(400)
	number := 0
	steady.Run(func() {
		for range 5 {
			number++
			alive[number%len(alive)] = make([]byte, 1000+number%9000)
		}
	})
}
