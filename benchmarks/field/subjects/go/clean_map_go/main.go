// Holds sessions that come and go in a map: a map's buckets stay when its keys go.
package main

import (
	"fmt"
	"math/rand"

	"field/steady"
)

func main() {
	random := rand.New(rand.NewSource(1))
	sessions := map[string][]byte{}
	number := 0
	steady.Run(func() {
		number++
		sessions[fmt.Sprint("session", number)] = make([]byte, 600)
		if random.Intn(6000) < len(sessions) { // the more there are, the more of them end
			for name := range sessions {
				delete(sessions, name)
				break
			}
		}
	})
}
