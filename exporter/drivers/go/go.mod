module exporter/drivers/go

go 1.22

require github.com/breez/breez-sdk-spark-go v0.19.2
