package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"

	"greenchannel/server/config"
)

// traced sends a span for each request to an OTLP endpoint, and continues the trace of the client. Without an endpoint the
// handler is left as it is. Where the client has not decided, the ratio says how many requests are traced. The paths of requests and what they carry are in no span, only their routes.
func traced(ctx context.Context, tracing config.Tracing, labels map[string]string, log *slog.Logger, next http.Handler) (handler http.Handler, stop func(), err error) {
	if tracing.Endpoint == "" {
		return next, func() {}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(tracing.Endpoint))
	if err != nil {
		return nil, nil, fmt.Errorf("send traces to %s: %w", tracing.Endpoint, err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter),
		trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(tracing.Ratio))),
		trace.WithResource(resource.NewSchemaless(named(labels)...)))
	handler = otelhttp.NewHandler(next, "request", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(propagation.TraceContext{}))
	return handler, func() {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer done()
		if err := provider.Shutdown(last); err != nil {
			log.Warn("the last traces were not sent", "err", err)
		}
	}, nil
}

// named is what the traces of an instance are known by.
func named(labels map[string]string) []attribute.KeyValue {
	names := []attribute.KeyValue{semconv.ServiceName("greenchannel")}
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		names = append(names, attribute.String(label, labels[label]))
	}
	return names
}
