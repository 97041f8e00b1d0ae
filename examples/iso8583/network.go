package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/posline/posline/connection"
)

// networkOptions are the flags that send and listen share.
type networkOptions struct {
	options
	tls               bool
	cert, private, ca string
}

func (o *networkOptions) register(flags *flag.FlagSet) {
	o.options.register(flags)
	flags.BoolVar(&o.tls, "tls", false, "use TLS")
	flags.StringVar(&o.cert, "cert", "", "`file` with the own certificate, PEM")
	flags.StringVar(&o.private, "key", "", "`file` with its private key, PEM")
	flags.StringVar(&o.ca, "ca", "", "`file` with the authorities that the peer's certificate must come from, PEM")
}

// check finds faults in the flags and loads the spec.
func (o *networkOptions) check(c *console, command string) error {
	switch {
	case o.spec == "":
		return usageError{fmt.Errorf("%s needs -spec", command)}
	case o.frame == "":
		return usageError{fmt.Errorf("%s needs -frame, one of %s", command, strings.Join(connection.FramingNames(), ", "))}
	case !o.tls && o.cert+o.private+o.ca != "":
		return usageError{errors.New("certificates need -tls")}
	case (o.cert == "") != (o.private == ""):
		return usageError{errors.New("a certificate needs its private key, and the other way round")}
	}
	return o.load(c)
}

// certificates are the parts of a tls.Config that clients and servers have alike.
func (o *networkOptions) certificates() (own *connection.CertificateFiles, authorities *x509.CertPool, err error) {
	if o.cert != "" {
		if own, err = connection.NewCertificateFiles(o.cert, o.private, 0); err != nil {
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
	config := &tls.Config{RootCAs: authorities}
	if own != nil {
		config.GetClientCertificate = own.ForClient
	}
	return config, nil
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
	config := &tls.Config{GetCertificate: own.ForServer}
	if authorities != nil {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, authorities
	}
	return config, nil
}
