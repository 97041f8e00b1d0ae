package transport

// Broken is broken, to the tests.
var Broken = broken
