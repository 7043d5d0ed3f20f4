CREATE TABLE Devices (Device STRING(MAX) NOT NULL, Latitude FLOAT64, Longitude FLOAT64, LastReadings INT64) PRIMARY KEY (Device);
CREATE TABLE Readings (Device STRING(MAX) NOT NULL, HappenedAt TIMESTAMP NOT NULL, Reading FLOAT64, Unit STRING(MAX)) PRIMARY KEY (Device, HappenedAt);
