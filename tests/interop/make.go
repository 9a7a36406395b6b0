package main

// Writes what Surety must read: a log of given records, as Go makes it.

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type Wanted struct {
	Origin  string
	Records []string
	// Sizes of trees, ascending.
	Sizes []int64
}

type Made struct {
	Key string `json:"key"`
	// Notes are checkpoints, one a size.
	Notes []string `json:"notes"`
	// Records are the inclusion proofs of every record in the last tree.
	Records [][]string `json:"records"`
	// Trees are the proofs from each size to the last.
	Trees [][]string `json:"trees"`
	// Files are tiles and bundles of the last tree, by path, in base64.
	Files map[string]string `json:"files"`
}

func makeLog(wanted Wanted) (*Made, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, wanted.Origin)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	var records [][]byte
	for _, record := range wanted.Records {
		records = append(records, []byte(record))
	}
	stored, err := hashesOf(records)
	if err != nil {
		return nil, err
	}
	made := &Made{Key: vkey, Files: map[string]string{}}
	last := wanted.Sizes[len(wanted.Sizes)-1]
	for _, size := range wanted.Sizes {
		root, err := tlog.TreeHash(size, stored)
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("%s\n%d\n%s\n", wanted.Origin, size, root)
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			return nil, err
		}
		made.Notes = append(made.Notes, string(signed))
		proof, err := tlog.ProveTree(last, size, stored)
		if err != nil {
			return nil, err
		}
		made.Trees = append(made.Trees, texts(proof))
	}
	for n := int64(0); n < last; n++ {
		proof, err := tlog.ProveRecord(last, n, stored)
		if err != nil {
			return nil, err
		}
		made.Records = append(made.Records, texts(proof))
	}
	return made, made.addFiles(records, last, stored)
}

func (made *Made) addFiles(records [][]byte, size int64, stored hashList) error {
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		data, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		made.add(pathOf(strconv.Itoa(tile.L), tile.N, tile.W), data)
	}
	for from := 0; from < len(records); from += tileWidth {
		var bundle []byte
		width := 0
		for ; width < tileWidth && from+width < len(records); width++ {
			record := records[from+width]
			bundle = append(bundle, 0, 0)
			binary.BigEndian.PutUint16(bundle[len(bundle)-2:], uint16(len(record)))
			bundle = append(bundle, record...)
		}
		made.add(pathOf("entries", int64(from/tileWidth), width), bundle)
	}
	return nil
}

func (made *Made) add(path string, data []byte) {
	made.Files[path] = base64.StdEncoding.EncodeToString(data)
}

func texts(hashes []tlog.Hash) []string {
	all := []string{}
	for _, hash := range hashes {
		all = append(all, hash.String())
	}
	return all
}
