// Command connection is the same program with a connection: it dials, exchanges a message and closes.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/posline/posline/connection"
)

func main() {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := connection.Dial(context.Background(), "tcp", os.Args[1], connection.Config{Framing: framing})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := c.Exchange(context.Background(), []byte(os.Args[2]), nil)
	fmt.Println(len(answer), err, c.Close())
}
