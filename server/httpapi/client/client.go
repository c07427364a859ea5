// Package client is a typed Go client of the HTTP API: a method for each operation, a type for each schema. It is
// generated from the OpenAPI document, which is made of the table of routes, so it stands in the room of that table and
// changes with it; nothing in it is written by hand but this page. It decides nothing, retries nothing, and trusts the
// service: what is answered is read, not checked again.
package client
