-- Everybody reads a logo by its hash, whichever tenant has it: one that is imported under the hash of another would be
-- shown in that one's place.
alter table logos add constraint logos_hash_of_bytes_check check (hash = encode(sha256(bytes), 'hex'));
