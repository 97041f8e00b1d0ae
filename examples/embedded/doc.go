// Command embedded is examples/terminal as an archive for applications in C: plain types, no Go to be seen.
//
//	go build -buildmode=c-archive -o libposline.a ./examples/embedded
//	cc -I examples/embedded demo.c libposline.a -lpthread
//
// posline.h has the types; the build writes libposline.h, which includes it and declares the functions. demo/terminal.c is
// an application. For a terminal: GOOS=linux GOARCH=arm GOARM=5 CGO_ENABLED=1 CC=arm-linux-gnueabi-gcc.
package main

// main does nothing: an archive has none, but Go wants one.
func main() {}
