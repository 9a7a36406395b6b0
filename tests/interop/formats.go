package main

// Formats around a log that the packages of Go do not know: checkpoints (tlog-checkpoint), cosignatures
// (tlog-cosignature), receipts (tlog-proof), and the paths and bundles of tlog-tiles.

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// cosigner verifies timestamped Ed25519 cosignatures, type 0x04.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	// last is the time in the last signature that was verified, in seconds.
	last uint64
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("witness key has %d parts", len(parts))
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 0x04 {
		return nil, fmt.Errorf("witness key is not of type 0x04")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	hash := binary.BigEndian.Uint32(sum[:4])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, fmt.Errorf("witness key has another id")
	}
	return &cosigner{name: parts[0], hash: hash, key: ed25519.PublicKey(raw[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	c.last = binary.BigEndian.Uint64(sig)
	signed := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", c.last)), msg...)
	return ed25519.Verify(c.key, signed, sig[8:])
}

// openCheckpoint opens a note that the log and every one of these witnesses must have signed.
func openCheckpoint(text string, log note.Verifier, witnesses []*cosigner) (tlog.Tree, error) {
	known := []note.Verifier{log}
	for _, witness := range witnesses {
		known = append(known, witness)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(known...))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %v", err)
	}
	if len(opened.Sigs) != len(known) {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %d of %d signatures", len(opened.Sigs), len(known))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != log.Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint: not origin, size and root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %v", err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

type receipt struct {
	entry      []byte
	index      int64
	proof      tlog.RecordProof
	checkpoint string
}

func parseReceipt(text string) (receipt, error) {
	var r receipt
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return r, fmt.Errorf("receipt: not a tlog-proof")
	}
	lines = lines[1:]
	var err error
	if strings.HasPrefix(lines[0], "extra ") {
		if r.entry, err = base64.StdEncoding.DecodeString(lines[0][6:]); err != nil {
			return r, fmt.Errorf("receipt: extra: %v", err)
		}
		lines = lines[1:]
	}
	if _, err = fmt.Sscanf(lines[0], "index %d", &r.index); err != nil {
		return r, fmt.Errorf("receipt: index: %v", err)
	}
	r.checkpoint = checkpoint
	r.proof, err = parseHashes(lines[1:])
	return r, err
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := []tlog.Hash{}
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// pathOf is the path of tlog-tiles; Go's own has the height in it.
func pathOf(level string, n int64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width != tileWidth {
		path = fmt.Sprintf("%s.p/%d", path, width)
	}
	return "tile/" + level + "/" + path
}

// folder reads tiles and bundles as a client of static files does: the partial one that its tree has, or the
// full one that came after it.
type folder struct {
	path string
	read int
}

func (f *folder) Height() int                                { return tileHeight }
func (f *folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, _, err := f.file(strconv.Itoa(tile.L), tile.N, tile.W)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %v is too short", tile.Path())
		}
		all = append(all, data[:tile.W*tlog.HashSize])
	}
	return all, nil
}

func (f *folder) file(level string, n int64, width int) (data []byte, has int, err error) {
	f.read++
	data, err = os.ReadFile(filepath.Join(f.path, pathOf(level, n, width)))
	if os.IsNotExist(err) && width != tileWidth {
		data, err = os.ReadFile(filepath.Join(f.path, pathOf(level, n, tileWidth)))
		return data, tileWidth, err
	}
	return data, width, err
}

// records reads the entries of a tree of this size.
func (f *folder) records(size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); n*tileWidth < size; n++ {
		width := tileWidth
		if left := size - n*tileWidth; left < tileWidth {
			width = int(left)
		}
		data, has, err := f.file("entries", n, width)
		if err != nil {
			return nil, err
		}
		entries, err := split(data)
		if err != nil || len(entries) != has {
			return nil, fmt.Errorf("bundle %d has %d entries, not %d: %v", n, len(entries), has, err)
		}
		all = append(all, entries[:width]...)
	}
	return all, nil
}

func split(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for rest := bytes.NewBuffer(bundle); rest.Len() > 0; {
		var length uint16
		if err := binary.Read(rest, binary.BigEndian, &length); err != nil {
			return nil, err
		}
		if rest.Len() < int(length) {
			return nil, fmt.Errorf("an entry is cut off")
		}
		entries = append(entries, rest.Next(int(length)))
	}
	return entries, nil
}
