// Is asked by ever new user agents: every one became an attribute of its own.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"field/steady"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/sdk/metric"
)

func main() {
	provider := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	quiet := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	handler := otelhttp.NewHandler(quiet, "hello", otelhttp.WithMeterProvider(provider))
	number := 0
	steady.Run(func() {
		number++
		request := httptest.NewRequest(fmt.Sprintf("METHOD%d", number), "/", nil)
		request.Header.Set("User-Agent", fmt.Sprintf("agent/%d", number))
		handler.ServeHTTP(httptest.NewRecorder(), request)
	})
}
