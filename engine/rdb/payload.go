package rdb

import (
	"encoding/binary"
	"hash/crc64"
)

// A payload is a type, an encoded value, the version of the format in two bytes,
// and the CRC-64 of all before it.
const (
	writeVersion = 10
	readVersion  = 12
	footerBytes  = 2 + 8
)

// jones is the polynomial of Redis' checksums.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// Checksum is Redis' CRC-64. It inverts neither at the start nor at the end, as
// package crc64 does.
func Checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }

// Seal completes a payload: b is a type and an encoded value.
func Seal(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, writeVersion)
	return binary.LittleEndian.AppendUint64(b, Checksum(b))
}

// Open checks a payload and decodes its value. The error is ErrPayload or ErrFormat.
func Open(payload []byte) (*Value, error) {
	n := len(payload) - footerBytes
	if n < 0 {
		return nil, ErrPayload
	}
	body, footer := payload[:n], payload[n:]
	if binary.LittleEndian.Uint16(footer) > readVersion ||
		binary.LittleEndian.Uint64(footer[2:]) != Checksum(payload[:n+2]) {
		return nil, ErrPayload
	}
	return decode(body)
}
