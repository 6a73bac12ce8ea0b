// Is asked with methods that nobody knows: every one became a label of its own.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"field/steady"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"method", "code"})
	handler := promhttp.InstrumentHandlerCounter(requests, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	number := 0
	steady.Run(func() {
		number++
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(fmt.Sprintf("METHOD%d", number), "/", nil))
	})
}
