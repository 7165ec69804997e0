package fwd

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestHTTP relays to a server of net/http, whose listener speaks MPTCP as all of
// Go's do since 1.24.
func TestHTTP(t *testing.T) {
	lc := net.ListenConfig{}
	if !lc.MultipathTCP() {
		t.Error("listeners no longer speak MPTCP by default, and this one has to be told to")
	}
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(body)
	})}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	r, _ := relayHere(t, "0:"+ln.Addr().String(), Options{})

	for _, keepAlive := range []bool{true, false} {
		transport := &http.Transport{DisableKeepAlives: !keepAlive, MaxIdleConnsPerHost: 16}
		client := http.Client{Timeout: 30 * time.Second, Transport: transport}
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				rng := rand.NewChaCha8([32]byte{byte(i)})
				for range 20 {
					body := make([]byte, rng.Uint64()%100_000)
					_, _ = rng.Read(body)
					resp, err := client.Post(fmt.Sprintf("http://%s/", r.Addr()), "application/octet-stream", bytes.NewReader(body))
					if err != nil {
						t.Error(err)
						return
					}
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || !bytes.Equal(got, body) {
						t.Errorf("%d bytes came back as %d, %v", len(body), len(got), err)
					}
				}
			})
		}
		all.Wait()
		transport.CloseIdleConnections()
	}
}
