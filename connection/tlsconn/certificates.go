package tlsconn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// CertificateFiles serves a certificate from two PEM files and follows their changes, for servers and clients alike:
//
//	certificate, err := tlsconn.NewCertificateFiles("host.pem", "host.key", time.Minute)
//	config, err := tlsconn.ServerConfig(certificate, terminals)
//	err = server.Serve(tlsconn.Listener(listener, config))
//
// New handshakes use the new certificate; connections that are open stay. Files that cannot be loaded leave the old
// certificate in use, and Err tells. Its methods may be called concurrently.
type CertificateFiles struct {
	certFile, keyFile string
	every             time.Duration

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]time.Time
	looked  time.Time
	err     error
}

// NewCertificateFiles loads the files. They are looked at again at the first handshake after each interval; 0 means
// only when Reload is called.
func NewCertificateFiles(certFile, keyFile string, every time.Duration) (*CertificateFiles, error) {
	f := &CertificateFiles{certFile: certFile, keyFile: keyFile, every: every}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Reload loads the files now. On error the certificate in use stays.
func (f *CertificateFiles) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.load(f.stamps())
	return f.err
}

// Err returns why the last attempt to load failed; nil if it did not.
func (f *CertificateFiles) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// ForServer is a tls.Config.GetCertificate.
func (f *CertificateFiles) ForServer(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.certificate()
}

// ForClient is a tls.Config.GetClientCertificate.
func (f *CertificateFiles) ForClient(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return f.certificate()
}

func (f *CertificateFiles) certificate() (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.every > 0 && time.Since(f.looked) >= f.every {
		if stamp := f.stamps(); stamp != f.stamp || f.err != nil {
			f.load(stamp)
		}
		f.looked = time.Now()
	}
	if f.current == nil {
		return nil, errNoFiles
	}
	return f.current, nil
}

// errNoFiles is what the zero CertificateFiles has instead of a certificate.
var errNoFiles = errors.New("tlsconn: CertificateFiles was not made by NewCertificateFiles")

// load reads both files; a pair of which only one has been replaced yet does not load and is tried again.
func (f *CertificateFiles) load(stamp [2]time.Time) {
	f.looked = time.Now()
	pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
	if err != nil {
		f.err = fmt.Errorf("loading certificate: %w", err)
		return
	}
	f.current, f.stamp, f.err = &pair, stamp, nil
}

func (f *CertificateFiles) stamps() (stamp [2]time.Time) {
	for i, name := range []string{f.certFile, f.keyFile} {
		if info, err := os.Stat(name); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	return stamp
}
