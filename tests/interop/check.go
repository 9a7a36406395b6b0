package main

// Reads what Surety wrote: recomputes every root from the entries, authenticates every tile against it, and checks
// each receipt and each proof between two trees, which must also be the very proofs that Go makes.

import (
	"fmt"
	"reflect"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type Asked struct {
	Folder    string
	Log       string
	Witnesses []string
	// Checkpoints that the folder has had, the newest last.
	Checkpoints []string
	Receipts    []string
	Trees       []struct {
		Old, New int64
		Proof    []string
	}
}

type Checked struct {
	Size     int64    `json:"size"`
	Root     string   `json:"root"`
	Records  int      `json:"records"`
	Files    int      `json:"files"`
	Hashes   int      `json:"hashes"`
	Receipts int      `json:"receipts"`
	Trees    int      `json:"trees"`
	Times    []uint64 `json:"times"`
}

func check(asked Asked) (*Checked, error) {
	log, err := note.NewVerifier(asked.Log)
	if err != nil {
		return nil, fmt.Errorf("log key: %v", err)
	}
	var witnesses []*cosigner
	for _, vkey := range asked.Witnesses {
		witness, err := newCosigner(vkey)
		if err != nil {
			return nil, err
		}
		witnesses = append(witnesses, witness)
	}
	var trees []tlog.Tree
	for _, text := range asked.Checkpoints {
		tree, err := openCheckpoint(text, log, witnesses)
		if err != nil {
			return nil, err
		}
		trees = append(trees, tree)
	}
	last := trees[len(trees)-1]
	done := &Checked{Size: last.N, Root: last.Hash.String(), Receipts: len(asked.Receipts), Trees: len(asked.Trees)}
	for _, witness := range witnesses {
		done.Times = append(done.Times, witness.last)
	}
	files := &folder{path: asked.Folder}
	records, err := files.records(last.N)
	if err != nil {
		return nil, err
	}
	done.Records = len(records)
	stored, err := hashesOf(records)
	if err != nil {
		return nil, err
	}
	for _, tree := range trees {
		hashes, err := checkTree(tree, stored, files)
		if err != nil {
			return nil, fmt.Errorf("tree of %d: %v", tree.N, err)
		}
		done.Hashes += hashes
	}
	done.Files = files.read
	for _, text := range asked.Receipts {
		if err := checkReceipt(text, log, witnesses, records, stored); err != nil {
			return nil, err
		}
	}
	return done, checkProofs(asked, stored)
}

// hashList is every hash of a tree, in the order in which Go stores them.
type hashList []tlog.Hash

func (l hashList) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(l)) {
			return nil, fmt.Errorf("there is no hash %d", index)
		}
		hashes = append(hashes, l[index])
	}
	return hashes, nil
}

func hashesOf(records [][]byte) (hashList, error) {
	var stored hashList
	for n, record := range records {
		more, err := tlog.StoredHashes(int64(n), record, stored)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	return stored, nil
}

// checkTree compares the root with the records, and every hash in the tiles with both.
func checkTree(tree tlog.Tree, stored hashList, files *folder) (int, error) {
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return 0, err
	}
	if root != tree.Hash {
		return 0, fmt.Errorf("the entries give the root %v, signed is %v", root, tree.Hash)
	}
	count := tlog.StoredHashCount(tree.N)
	indexes := make([]int64, count)
	for i := range indexes {
		indexes[i] = int64(i)
	}
	tiled, err := tlog.TileHashReader(tree, files).ReadHashes(indexes)
	if err != nil {
		return 0, fmt.Errorf("tiles: %v", err)
	}
	if !reflect.DeepEqual(hashList(tiled), stored[:count]) {
		return 0, fmt.Errorf("tiles: other hashes than those of the entries")
	}
	return len(tiled), nil
}

func checkReceipt(text string, log note.Verifier, witnesses []*cosigner, records [][]byte, stored hashList) error {
	receipt, err := parseReceipt(text)
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(receipt.checkpoint, log, witnesses)
	if err != nil {
		return fmt.Errorf("receipt: %v", err)
	}
	if string(receipt.entry) != string(records[receipt.index]) {
		return fmt.Errorf("receipt: another entry than %d", receipt.index)
	}
	leaf := tlog.RecordHash(receipt.entry)
	if err := tlog.CheckRecord(receipt.proof, tree.N, tree.Hash, receipt.index, leaf); err != nil {
		return fmt.Errorf("receipt: %v", err)
	}
	own, err := tlog.ProveRecord(tree.N, receipt.index, stored)
	if err != nil {
		return err
	}
	if fmt.Sprint(own) != fmt.Sprint(receipt.proof) {
		return fmt.Errorf("receipt: another proof than ours")
	}
	return nil
}

func checkProofs(asked Asked, stored hashList) error {
	for _, each := range asked.Trees {
		hashes, err := parseHashes(each.Proof)
		if err != nil {
			return err
		}
		older, err := tlog.TreeHash(each.Old, stored)
		if err != nil {
			return err
		}
		newer, err := tlog.TreeHash(each.New, stored)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(hashes, each.New, newer, each.Old, older); err != nil {
			return fmt.Errorf("tree %d to %d: %v", each.Old, each.New, err)
		}
		own, err := tlog.ProveTree(each.New, each.Old, stored)
		if err != nil {
			return err
		}
		if fmt.Sprint(own) != fmt.Sprint(tlog.TreeProof(hashes)) {
			return fmt.Errorf("tree %d to %d: another proof than ours", each.Old, each.New)
		}
	}
	return nil
}
