// Connects to a websocket and closes the connection: a goroutine of it went on.
package main

import (
	"context"
	"net/http"
	"net/http/httptest"

	"field/steady"
	"nhooyr.io/websocket"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		connection, err := websocket.Accept(writer, request, nil)
		if err != nil {
			return
		}
		connection.Read(request.Context()) // until it is closed
	}))
	steady.Run(func() {
		connection, _, err := websocket.Dial(context.Background(), server.URL, nil)
		if err != nil {
			panic(err)
		}
		connection.Close(websocket.StatusNormalClosure, "")
	})
}
