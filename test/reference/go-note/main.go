// Checks the vectors of test/vectors/trust with Go's own signed notes and transparency logs, and writes what Go signs,
// proves and refuses to test/vectors/go-note. Run by hand, from the repository's root; README.md beside this file says how.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type keyVector struct {
	Name       string `json:"name"`
	Type       int    `json:"type"`
	Vkey       string `json:"vkey"`
	PrivateKey string `json:"privateKey"`
}

type logVector struct {
	Origin   string `json:"origin"`
	Releases []struct {
		Approval  string `json:"approval"`
		Approvals struct {
			Signatures []string `json:"signatures"`
		} `json:"approvals"`
		Statement string `json:"statement"`
		Leaf      string `json:"leaf"`
		Note      string `json:"note"`
		Head      string `json:"head"`
	} `json:"releases"`
}

const vectors = "test/vectors"

func main() {
	var keys []keyVector
	read("trust/keys.json", &keys)
	signers, verifiers := map[string]note.Signer{}, map[string]note.Verifier{}
	for _, key := range keys {
		if key.Type == 1 {
			signers[key.Name] = must(note.NewSigner(key.PrivateKey))
			verifiers[key.Name] = must(note.NewVerifier(key.Vkey))
		} else {
			verifiers[key.Name] = must(torchwood.NewCosignatureVerifier(key.Vkey))
		}
	}
	for _, mesh := range []string{"production", "staging"} {
		checkLog(mesh, signers, verifiers)
	}
	writeNotes()
	writeCosignature()
	writeMalformed()
}

// checkLog opens every note with the log's and the freshness key, signs its text again, and proves every release and
// every pair of sizes, by Go's code alone.
func checkLog(mesh string, signers map[string]note.Signer, verifiers map[string]note.Verifier) {
	var log logVector
	read("trust/"+mesh+".json", &log)
	both := note.VerifierList(verifiers[log.Origin], verifiers[log.Origin+"/freshness"])
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	var roots []tlog.Hash
	type sizeVector struct {
		Size        int64            `json:"size"`
		Root        tlog.Hash        `json:"root"`
		Record      tlog.RecordProof `json:"record"`
		Consistency []tlog.TreeProof `json:"consistency"`
	}
	var sizes []sizeVector
	for i, release := range log.Releases {
		n := int64(i)
		stored = append(stored, must(tlog.StoredHashes(n, []byte(release.Statement), reader))...)
		require(tlog.RecordHash([]byte(release.Statement)).String() == release.Leaf, "leaf of %s %d", mesh, n)

		opened := must(note.Open([]byte(release.Note), both))
		require(len(opened.Sigs) == 2 && len(opened.UnverifiedSigs) == 0, "both signatures of %s %d", mesh, n)
		checkpoint := must(torchwood.ParseCheckpoint(opened.Text))
		require(checkpoint.Origin == log.Origin && checkpoint.N == n+1 && checkpoint.Extension == "", "text of %s %d", mesh, n)
		root := must(tlog.TreeHash(n+1, reader))
		require(root == checkpoint.Hash, "root of %s %d", mesh, n)
		resigned := must(note.Sign(&note.Note{Text: opened.Text}, signers[log.Origin]))
		require(strings.HasPrefix(release.Note, string(resigned)), "Go's signature of %s %d", mesh, n)

		if len(release.Approvals.Signatures) > 0 {
			lines := strings.Join(release.Approvals.Signatures, "\n")
			approval := must(note.Open([]byte(release.Approval+"\n"+lines+"\n"), approvers(verifiers)))
			require(len(approval.Sigs) == len(release.Approvals.Signatures), "approvals of %s %d", mesh, n)
		}

		var head struct {
			Proof tlog.RecordProof `json:"proof"`
		}
		check(json.Unmarshal([]byte(release.Head), &head))
		record := must(tlog.ProveRecord(n+1, n, reader))
		check(tlog.CheckRecord(head.Proof, n+1, checkpoint.Hash, n, tlog.RecordHash([]byte(release.Statement))))
		roots = append(roots, root)
		vector := sizeVector{Size: n + 1, Root: root, Record: orEmpty(record), Consistency: []tlog.TreeProof{}}
		for old := int64(1); old <= n; old++ {
			proof := must(tlog.ProveTree(n+1, old, reader))
			check(tlog.CheckTree(proof, n+1, root, old, roots[old-1]))
			vector.Consistency = append(vector.Consistency, proof)
		}
		sizes = append(sizes, vector)
	}
	write("tlog-"+mesh+".json", sizes)
}

func approvers(verifiers map[string]note.Verifier) note.Verifiers {
	return note.VerifierList(verifiers["alice@example.com"], verifiers["ben@example.com"], verifiers["ci.example.com"])
}

type signedVector struct {
	PrivateKeys []string `json:"privateKeys"`
	Vkeys       []string `json:"vkeys"`
	Text        string   `json:"text"`
	Note        string   `json:"note"`
}

// writeNotes has Go sign texts that are hard to take apart.
func writeNotes() {
	cases := []struct {
		name, text string
		keys       []string
	}{
		{"one-signature", "hello\n", []string{"go.example.com"}},
		{"three-signatures", "hello\nworld\n", []string{"go.example.com", "a", "go.example.com/log"}},
		{"one-name-two-keys", "hello\n", []string{"go.example.com", "go.example.com#2"}},
		{"name-beyond-ascii", "grüße\n", []string{"schlüssel/日本/𝔘"}},
		{"blank-lines-in-the-text", "a\n\n— b c\n\nd\n", []string{"go.example.com"}},
		{"text-of-a-blank-line", "\n\n", []string{"go.example.com"}},
		{"checkpoint", "go.example.com/log\n7\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n", []string{"go.example.com/log"}},
	}
	out := map[string]signedVector{}
	for _, c := range cases {
		vector := signedVector{Text: c.text}
		var signers []note.Signer
		for _, name := range c.keys {
			skey, vkey := keyOf(name)
			vector.PrivateKeys = append(vector.PrivateKeys, skey)
			vector.Vkeys = append(vector.Vkeys, vkey)
			signers = append(signers, must(note.NewSigner(skey)))
		}
		vector.Note = string(must(note.Sign(&note.Note{Text: c.text}, signers...)))
		out[c.name] = vector
	}
	write("notes.json", out)
}

// writeCosignature has torchwood cosign a checkpoint that Go signed, at the time it has.
func writeCosignature() {
	skey, vkey := keyOf("go.example.com/log")
	text := "go.example.com/log\n7\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n"
	cosigner := must(torchwood.NewCosignatureSigner("witness.example.org", ed25519.NewKeyFromSeed(seedOf("witness"))))
	signed := must(note.Sign(&note.Note{Text: text}, must(note.NewSigner(skey)), cosigner))
	opened := must(note.Open(signed, note.VerifierList(cosigner.Verifier())))
	raw := must(base64.StdEncoding.DecodeString(opened.Sigs[0].Base64))
	write("cosignature.json", map[string]any{
		"vkey": vkey, "cosignerVkey": cosigner.Verifier().String(), "text": text, "note": string(signed),
		"time": binary.BigEndian.Uint64(raw[4:12]),
	})
}

// writeMalformed alters a good note in ways that Go refuses, and records what it says.
func writeMalformed() {
	skey, vkey := keyOf("go.example.com")
	good := must(note.Sign(&note.Note{Text: "hello\n"}, must(note.NewSigner(skey))))
	line := strings.TrimSuffix(strings.SplitN(string(good), "\n\n", 2)[1], "\n")
	swap := func(old, new string) string { return strings.Replace(string(good), old, new, 1) }
	cases := map[string]string{
		"no-newline-at-the-end":       strings.TrimSuffix(string(good), "\n"),
		"no-blank-line":               swap("\n\n", "\n"),
		"no-signatures":               "hello\n\n",
		"empty":                       "",
		"crlf":                        strings.ReplaceAll(string(good), "\n", "\r\n"),
		"tab-in-the-text":             swap("hello", "hel\tlo"),
		"nul-in-the-text":             swap("hello", "hel\x00lo"),
		"hyphen-for-dash":             swap("— ", "- "),
		"en-dash":                     swap("— ", "– "),
		"no-dash":                     swap("— ", ""),
		"two-spaces-before-the-name":  swap("— ", "—  "),
		"two-spaces-after-the-name":   swap("go.example.com ", "go.example.com  "),
		"no-name":                     swap("— go.example.com", "— "),
		"plus-in-the-name":            swap("— go.example.com", "— go+example.com"),
		"no-break-space-in-the-name":  swap("— go.example.com", "— go\u00a0example.com"),
		"next-line-in-the-name":       swap("— go.example.com", "— go\u0085example.com"),
		"no-signature":                swap(line, "— go.example.com "),
		"signature-of-four-bytes":     swap(line, "— go.example.com AAAAAA=="),
		"base64-without-padding":      strings.TrimRight(string(good), "=\n") + "\n",
		"base64url":                   swap(line, "— go.example.com -_-_-_-_"),
		"word-after-the-signature":    swap(line, line+" x"),
		"blank-line-among-signatures": string(good) + "\nx\n",
		"text-altered":                swap("hello", "hallo"),
		"signature-altered":           swap(line, alter(line)),
		"signed-by-a-stranger":        string(must(note.Sign(&note.Note{Text: "hello\n"}, must(note.NewSigner(first(keyOf("stranger"))))))),
	}
	out := map[string]map[string]string{}
	for name, text := range cases {
		_, err := note.Open([]byte(text), note.VerifierList(must(note.NewVerifier(vkey))))
		require(err != nil, "Go opens %s", name)
		out[name] = map[string]string{"note": text, "vkey": vkey, "go": err.Error()}
	}
	write("refused.json", out)
}

// alter changes the last byte of a signature line's signature.
func alter(line string) string {
	at := strings.LastIndex(line, " ") + 1
	raw := must(base64.StdEncoding.DecodeString(line[at:]))
	raw[len(raw)-1] ^= 1
	return line[:at] + base64.StdEncoding.EncodeToString(raw)
}

// keyOf gives a key in both of Go's forms. What follows a # tells two keys of one name apart.
func keyOf(id string) (skey, vkey string) {
	name, _, _ := strings.Cut(id, "#")
	seed := seedOf(id)
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	vkey = must(note.NewEd25519VerifierKey(name, public))
	hash := strings.Split(vkey, "+")[1]
	skey = fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	return skey, vkey
}

func seedOf(id string) []byte {
	seed := sha256.Sum256([]byte("go-note " + id))
	return seed[:]
}

func first(a, _ string) string { return a }

func orEmpty(proof tlog.RecordProof) tlog.RecordProof {
	if proof == nil {
		return tlog.RecordProof{}
	}
	return proof
}

func read(path string, value any) {
	check(json.Unmarshal(must(os.ReadFile(filepath.Join(vectors, path))), value))
}

func write(name string, value any) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	check(encoder.Encode(value))
	check(os.WriteFile(filepath.Join(vectors, "go-note", name), out.Bytes(), 0o644))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func require(holds bool, format string, args ...any) {
	if !holds {
		panic("disagrees: " + fmt.Sprintf(format, args...))
	}
}
