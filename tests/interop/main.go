// The other side of the formats: Go's own transparency log (golang.org/x/mod/sumdb, packages tlog and note)
// reads what Surety writes, and writes what Surety must read. Everything here beside those two packages is
// written from the C2SP specifications, not from Surety's sources. Run by tlog.test.ts.
//
//	tlog check < what.json    a folder in the layout of tlog-tiles, its checkpoints, receipts and proofs
//	tlog make  < records.json notes, proofs, tiles and bundles
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("check or make?"))
	}
	var answer interface{}
	var err error
	switch os.Args[1] {
	case "check":
		var asked Asked
		if err = read(&asked); err == nil {
			answer, err = check(asked)
		}
	case "make":
		var wanted Wanted
		if err = read(&wanted); err == nil {
			answer, err = makeLog(wanted)
		}
	default:
		err = fmt.Errorf("check or make?")
	}
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err)
	}
}

func read(into interface{}) error {
	return json.NewDecoder(os.Stdin).Decode(into)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
