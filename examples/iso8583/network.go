package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/message"
)

// networkOptions are the flags that send and listen share.
type networkOptions struct {
	options
	tls               bool
	cert, private, ca string
	match             string
}

func (o *networkOptions) register(flags *flag.FlagSet) {
	o.registerSpec(flags)
	o.registerFrame(flags, false)
	flags.BoolVar(&o.tls, "tls", false, "use TLS")
	flags.StringVar(&o.cert, "cert", "", "`file` with the own certificate, PEM")
	flags.StringVar(&o.private, "key", "", "`file` with its private key, PEM")
	flags.StringVar(&o.ca, "ca", "", "`file` with the authorities that the peer's certificate must come from, PEM")
}

func (o *networkOptions) registerMatch(flags *flag.FlagSet) {
	flags.StringVar(&o.match, "match", "", "`fields` that an answer has in common with its request (default 11,41)")
}

// matching makes the function that matches answers with requests: by the fields that -match names, or those of 11 and 41
// that the spec has.
func (o *networkOptions) matching() (connection.KeyFunc, error) {
	numbers, err := fieldNumbers("-match", o.match, o.codec)
	if err != nil {
		return nil, err
	}
	if o.match == "" {
		for _, number := range []int{11, 41} {
			if (fieldValue{path: strconv.Itoa(number)}).known(o.codec) == nil {
				numbers = append(numbers, number)
			}
		}
	}
	return message.KeyFunc(o.codec, numbers...), nil
}

// check finds faults in the flags and loads the spec.
func (o *networkOptions) check(c *console) error {
	switch {
	case o.frame == "":
		return usageError{fmt.Errorf("%s needs -frame, such as binary2; iso8583 frames lists them", c.command)}
	case clearingForms[o.frame] != 0 || o.frame == "clearing":
		return usageError{fmt.Errorf("%s is a form of files", o.frame)}
	case !o.tls && o.cert+o.private+o.ca != "":
		return usageError{errors.New("certificates need -tls")}
	case (o.cert == "") != (o.private == ""):
		return usageError{errors.New("a certificate needs its private key, and the other way round")}
	}
	return o.load(c)
}

// certificates are the parts of a tls.Config that clients and servers have alike.
func (o *networkOptions) certificates() (own *tlsconn.CertificateFiles, authorities *x509.CertPool, err error) {
	if o.cert != "" {
		if own, err = tlsconn.NewCertificateFiles(o.cert, o.private, 0); err != nil {
			return nil, nil, err
		}
	}
	if o.ca == "" {
		return own, nil, nil
	}
	text, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, nil, err
	}
	authorities = x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, nil, fmt.Errorf("%s: no certificate in it", o.ca)
	}
	return own, authorities, nil
}

// clientTLS is nil for a plain connection.
func (o *networkOptions) clientTLS() (*tls.Config, error) {
	if !o.tls {
		return nil, nil
	}
	own, authorities, err := o.certificates()
	if err != nil {
		return nil, err
	}
	return tlsconn.ClientConfig(own, authorities), nil
}

// serverTLS is nil for plain connections. With -ca it asks for the clients' certificates.
func (o *networkOptions) serverTLS() (*tls.Config, error) {
	if !o.tls {
		return nil, nil
	}
	own, authorities, err := o.certificates()
	if err != nil {
		return nil, err
	}
	if own == nil {
		return nil, usageError{errors.New("a host with -tls needs -cert and its private key")}
	}
	return tlsconn.ServerConfig(own, authorities)
}
