// Package qr reads and builds EMVCo QR codes, merchant-presented and consumer-presented.
//
// Start with [ParseMerchant], which reads the code a merchant shows and checks its CRC, and [Merchant.Append], which
// builds one. [Fields] is the view under them, without copies. [ParseConsumer] reads the code a payer shows. Package
// emv/paycode tells from a scanned string which wallet it belongs to.
//
// The package draws and decodes no images: it deals with the text inside the code.
//
// # Security
//
// What is scanned is hostile: faults are errors with an offset, and nothing is trusted before its CRC holds, which
// protects against misreading only, not against forgery. A consumer's code holds card data: errors hold no values.
package qr
