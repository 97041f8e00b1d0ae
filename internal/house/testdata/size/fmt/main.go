// Command fmt is what a program weighs that uses fmt and nothing else.
package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println(len(os.Args)) }
