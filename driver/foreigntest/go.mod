module github.com/rouse-go/rouse/driver/foreigntest

go 1.26.0

require github.com/rouse-go/rouse v0.0.0

require golang.org/x/sys v0.49.0 // indirect

replace github.com/rouse-go/rouse => ../..
