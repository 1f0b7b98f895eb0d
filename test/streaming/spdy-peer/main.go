// A client of the SPDY server: github.com/moby/spdystream, the library in kubectl and kube-apiserver. Connects to the
// address given, opens streams whose header "do" says what the server is to do with them, and prints a line for each check.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/moby/spdystream"
)

const patience = 60 * time.Second

func main() {
	failed := false
	for _, check := range []struct {
		name string
		run  func(*spdystream.Connection) error
	}{
		{"pings", pings},
		{"echo of 20 streams at once", echoes},
		{"half close", halfClose},
		{"refused stream", refused},
		{"reset by the client", resetByClient},
		{"reset by the server", resetByServer},
		{"output while input is stuck", stuck},
		{"goodbye of the server", goodbye},
		{"goodbye of the client", leave},
	} {
		if err := connected(check.run); err != nil {
			fmt.Printf("%s: %v\n", check.name, err)
			failed = true
		} else {
			fmt.Printf("%s: ok\n", check.name)
		}
	}
	if failed {
		os.Exit(1)
	}
}

func connected(run func(*spdystream.Connection) error) error {
	socket, err := net.Dial("tcp", os.Args[1])
	if err != nil {
		return err
	}
	defer socket.Close()
	connection, err := spdystream.NewConnection(socket, false)
	if err != nil {
		return err
	}
	go connection.Serve(spdystream.NoOpStreamHandler)
	result := make(chan error, 1)
	go func() { result <- run(connection) }()
	select {
	case err := <-result:
		return err
	case <-time.After(patience):
		return fmt.Errorf("not done after %s", patience)
	}
}

func open(connection *spdystream.Connection, do string) (*spdystream.Stream, error) {
	stream, err := connection.CreateStream(http.Header{"Do": {do}, "Streamtype": {"a", "b"}}, nil, false)
	if err != nil {
		return nil, err
	}
	return stream, stream.WaitTimeout(patience)
}

func pings(connection *spdystream.Connection) error {
	for i := 0; i < 100; i++ {
		if _, err := connection.Ping(); err != nil {
			return err
		}
	}
	return nil
}

func echoes(connection *spdystream.Connection) error {
	var group sync.WaitGroup
	errs := make(chan error, 20)
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func(seed int64) {
			defer group.Done()
			errs <- echo(connection, rand.New(rand.NewSource(seed)))
		}(int64(i))
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func echo(connection *spdystream.Connection, random *rand.Rand) error {
	stream, err := open(connection, "echo")
	if err != nil {
		return err
	}
	sent := sha256.New()
	go func() {
		for left := 1 << 20; left > 0; {
			chunk := make([]byte, 1+random.Intn(1<<random.Intn(18)))
			random.Read(chunk)
			sent.Write(chunk)
			stream.Write(chunk)
			left -= len(chunk)
		}
		stream.Close()
	}()
	received := sha256.New()
	if _, err := io.Copy(received, stream); err != nil {
		return err
	}
	if hex.EncodeToString(sent.Sum(nil)) != hex.EncodeToString(received.Sum(nil)) {
		return fmt.Errorf("what came back is not what was sent")
	}
	return nil
}

func halfClose(connection *spdystream.Connection) error {
	stream, err := open(connection, "count")
	if err != nil {
		return err
	}
	stream.Write(make([]byte, 1000))
	stream.Close()
	return expect(stream, "1000 bytes of a,b")
}

func expect(stream *spdystream.Stream, want string) error {
	got, err := io.ReadAll(stream)
	if err == nil && string(got) != want {
		err = fmt.Errorf("%q came, not %q", got, want)
	}
	return err
}

func refused(connection *spdystream.Connection) error {
	if _, err := open(connection, "refuse"); err != spdystream.ErrReset {
		return fmt.Errorf("opened: %v", err)
	}
	stream, err := open(connection, "count")
	if err != nil {
		return err
	}
	stream.Close()
	return expect(stream, "0 bytes of a,b")
}

func resetByClient(connection *spdystream.Connection) error {
	stream, err := open(connection, "echo")
	if err != nil {
		return err
	}
	stream.Write([]byte("x"))
	stream.Reset()
	// The server tells on another stream how the first one ended.
	told, err := open(connection, "tell")
	if err != nil {
		return err
	}
	return expect(told, "the client reset the stream: CANCEL")
}

func resetByServer(connection *spdystream.Connection) error {
	stream, err := open(connection, "reset")
	if err != nil {
		return err
	}
	return expect(stream, "some words")
}

func stuck(connection *spdystream.Connection) error {
	ignored, err := open(connection, "ignore")
	if err != nil {
		return err
	}
	output, err := open(connection, "output")
	if err != nil {
		return err
	}
	flooded := make(chan error, 1)
	go func() {
		chunk := make([]byte, 32<<10)
		for sent := 0; sent < 16<<20; sent += len(chunk) {
			if _, err := ignored.Write(chunk); err != nil {
				flooded <- err
				return
			}
		}
		flooded <- nil
	}()
	if size, err := io.Copy(io.Discard, output); err != nil || size != 8<<20 {
		return fmt.Errorf("%d bytes of output, %v", size, err)
	}
	// The server resets the stream once the output is through; the rest of the input is dropped, and others go on.
	if err := <-flooded; err != nil {
		return err
	}
	_, err = connection.Ping()
	return err
}

// The server closes while the client is in the middle of a write, and the client has yet to read what the server wrote.
func goodbye(connection *spdystream.Connection) error {
	stream, err := open(connection, "goodbye")
	if err != nil {
		return err
	}
	go func() {
		for err := error(nil); err == nil; {
			_, err = stream.Write(make([]byte, 32<<10))
		}
	}()
	got, err := io.ReadAll(stream)
	if err != nil || len(got) != 8<<20 {
		return fmt.Errorf("%d bytes came, %v", len(got), err)
	}
	<-connection.CloseChan()
	return nil
}

func leave(connection *spdystream.Connection) error {
	if _, err := open(connection, "ignore"); err != nil {
		return err
	}
	connection.SetCloseTimeout(time.Second)
	if err := connection.Close(); err != nil {
		return err
	}
	<-connection.CloseChan()
	return nil
}
