-- Files that stand in a music folder, and stay there, are ingested too: a job names such a file by the SHA-256 of
-- what is heard of it, and has '' as the file's own.
ALTER TABLE ingest_jobs ADD COLUMN audio_sha256 TEXT COLLATE "C";
ALTER TABLE track_studies ADD COLUMN audio_sha256 TEXT COLLATE "C";

-- Whose turn it is, however many were done before.
CREATE INDEX ingest_jobs_by_turn ON ingest_jobs (state, number);

-- Tracks whose release wasn't measured yet.
CREATE INDEX rendition_tracks_without_album ON rendition_tracks (track_id)
    WHERE album_integrated IS NULL AND integrated IS NOT NULL;
