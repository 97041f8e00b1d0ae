// Package qr reads and builds EMVCo QR codes, merchant-presented and consumer-presented, and tells the pay codes of
// wallets apart.
//
// Start with [ParseMerchant], which reads the code a merchant shows and checks its CRC, and [Merchant.Append], which
// builds one. [Fields] is the view under them, without copies. [ParseConsumer] reads the code a payer shows, and
// [Recognize] tells from a scanned string which wallet it belongs to.
//
// The package draws and decodes no images: it deals with the text inside the code.
//
// # Security
//
// What is scanned is hostile: faults are errors with an offset, and nothing is trusted before its CRC holds, which
// protects against misreading only, not against forgery. A consumer's code holds card data and a pay code is money for
// a minute: [Code] prints masked, and errors hold no values.
package qr
