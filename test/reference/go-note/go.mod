module example.com/flagmesh/go-note

go 1.26

require (
	filippo.io/torchwood v0.9.0
	golang.org/x/mod v0.42.0
)
