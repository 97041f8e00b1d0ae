// Package simulation proves the core: the explorer goes through every interleaving of a small world (Explore), with the
// very code that runs in the switch and in the terminals (packages payment and terminal/engine).
package simulation
