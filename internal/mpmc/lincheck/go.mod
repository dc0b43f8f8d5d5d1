module github.com/rouse-go/rouse/internal/mpmc/lincheck

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/rouse-go/rouse v0.0.0
)

replace github.com/rouse-go/rouse => ../../..
