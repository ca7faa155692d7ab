// A TLS peer over loopback with Go's crypto/tls. Same arguments, events and byte pattern as peer.py in test/support, echo
// mode only; knows nothing of wanttls.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

type options struct {
	port, bytes, count, connections    int
	version, cert, key, ca, name, mode string
	verify, noTickets                  bool
}

var versions = map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

func main() {
	role, given := parse()
	config, err := configure(given)
	if err == nil {
		if role == "server" {
			err = serve(config, given)
		} else {
			err = connect(config, given)
		}
	}
	if err != nil {
		fail(err)
		os.Exit(1)
	}
}

func parse() (string, options) {
	var given options
	flags := flag.NewFlagSet("peer", flag.ExitOnError)
	flags.IntVar(&given.port, "port", 0, "")
	flags.IntVar(&given.bytes, "bytes", 0, "")
	flags.IntVar(&given.count, "count", 0, "")
	flags.IntVar(&given.connections, "connections", 1, "")
	flags.StringVar(&given.version, "version", "", "")
	flags.StringVar(&given.cert, "cert", "", "")
	flags.StringVar(&given.key, "key", "", "")
	flags.StringVar(&given.ca, "ca", "", "")
	flags.StringVar(&given.name, "name", "", "")
	flags.StringVar(&given.mode, "mode", "echo", "")
	flags.BoolVar(&given.verify, "verify", false, "")
	flags.BoolVar(&given.noTickets, "no-tickets", false, "")
	_ = flags.Parse(os.Args[2:])
	return os.Args[1], given
}

func configure(given options) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:             tls.VersionTLS12,
		ServerName:             given.name,
		InsecureSkipVerify:     !given.verify,
		SessionTicketsDisabled: given.noTickets,
		ClientSessionCache:     tls.NewLRUClientSessionCache(0),
	}
	if version := versions[given.version]; version != 0 {
		config.MinVersion, config.MaxVersion = version, version
	}
	if given.cert != "" {
		identity, err := tls.LoadX509KeyPair(given.cert, given.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{identity}
	}
	if given.ca != "" {
		pem, err := os.ReadFile(given.ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("the CA file holds no certificate")
		}
		config.ClientCAs = config.RootCAs
	}
	if given.verify {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

func serve(config *tls.Config, given options) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", given.port))
	if err != nil {
		return err
	}
	say("ready", listener.Addr().(*net.TCPAddr).Port)
	var answering sync.WaitGroup
	for served := 0; given.count == 0 || served < given.count; served++ {
		raw, err := listener.Accept()
		if err != nil {
			return err
		}
		answering.Add(1)
		go func() {
			defer answering.Done()
			if err := answer(tls.Server(raw, config)); err != nil {
				fail(err)
			}
		}()
	}
	answering.Wait()
	return nil
}

func answer(connection *tls.Conn) error {
	defer connection.Close()
	if err := introduce(connection); err != nil {
		return err
	}
	digest := sha256.New()
	received, err := io.Copy(io.MultiWriter(digest, connection), connection)
	if err != nil {
		return err
	}
	say("done", map[string]any{"received": received, "sha256": hex.EncodeToString(digest.Sum(nil))})
	return nil
}

// connect lets every connection but the first offer what the ones before it left in the session cache.
func connect(config *tls.Config, given options) error {
	for number := 0; number < given.connections; number++ {
		connection, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", given.port), config)
		if err != nil {
			return err
		}
		if err := converse(connection, given.bytes); err != nil {
			return err
		}
	}
	return nil
}

func converse(connection *tls.Conn, count int) error {
	defer connection.Close()
	if err := introduce(connection); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() {
		_, err := connection.Write(pattern(count))
		sent <- err
	}()
	digest := sha256.New()
	received, err := io.CopyN(digest, connection, int64(count))
	if err == nil {
		err = <-sent
	}
	if err != nil {
		return err
	}
	say("done", map[string]any{"sent": count, "received": received, "sha256": hex.EncodeToString(digest.Sum(nil))})
	return nil
}

func introduce(connection *tls.Conn) error {
	if err := connection.Handshake(); err != nil {
		return err
	}
	state := connection.ConnectionState()
	introduction := map[string]any{
		"version": map[uint16]string{tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}[state.Version],
		"cipher":  tls.CipherSuiteName(state.CipherSuite),
		"alpn":    nil,
		"peer":    nil,
		"resumed": state.DidResume,
	}
	if len(state.PeerCertificates) > 0 {
		introduction["peer"] = state.PeerCertificates[0].Subject.CommonName
	}
	say("connected", introduction)
	return nil
}

func pattern(count int) []byte {
	bytes := make([]byte, count)
	for i := range bytes {
		block := i % 65536
		bytes[i] = byte(block*167 + (block>>8)*13)
	}
	return bytes
}

func fail(err error) {
	say("failed", map[string]any{"type": fmt.Sprintf("%T", err), "reason": nil, "text": err.Error()})
}

var speaking sync.Mutex

func say(event string, value any) {
	line, _ := json.Marshal(map[string]any{event: value})
	speaking.Lock()
	defer speaking.Unlock()
	fmt.Println(string(line))
}
