-- When listeners went on at another place, who may play in one place at a time: what was granted before one of
-- these ended with it. The latest of each listener are kept.
CREATE TABLE place_changes (
    listener TEXT   COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (listener, at)
);

INSERT INTO place_changes (listener, at) SELECT listener, since FROM active_devices;
