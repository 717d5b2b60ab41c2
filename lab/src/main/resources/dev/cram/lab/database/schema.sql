CREATE TABLE format (version INTEGER NOT NULL);

-- One row a finished run. By the paper's convention the first token is given: length - 1 tokens are predicted.
CREATE TABLE runs (
  id VARCHAR PRIMARY KEY,
  experiment VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  weight_fingerprint VARCHAR NOT NULL,
  precision VARCHAR NOT NULL,
  embedding_size INTEGER NOT NULL,
  vocabulary_size INTEGER NOT NULL,
  source VARCHAR NOT NULL,
  sample INTEGER NOT NULL,
  text_hash VARCHAR NOT NULL,
  length INTEGER NOT NULL,
  vectors INTEGER NOT NULL,
  recipe VARCHAR NOT NULL,
  max_steps INTEGER NOT NULL,
  patience INTEGER NOT NULL,
  seed BIGINT NOT NULL,
  steps INTEGER NOT NULL,
  steps_to_best INTEGER NOT NULL,
  seconds DOUBLE NOT NULL,
  accuracy DOUBLE NOT NULL,
  exact BOOLEAN NOT NULL,
  horizon INTEGER NOT NULL,
  first_error INTEGER,
  cross_entropy_without DOUBLE NOT NULL,
  cross_entropy DOUBLE NOT NULL,
  correct_without INTEGER NOT NULL,
  correct INTEGER NOT NULL,
  min_margin FLOAT NOT NULL,
  started TIMESTAMP NOT NULL,
  machine VARCHAR NOT NULL,
  software VARCHAR NOT NULL,
  -- Null where it was not recorded (formats 1 and 2).
  recipe_revision INTEGER
);

-- What is too long for a row: the vectors [vectors * embedding_size], the margin of each predicted token in logits, and
-- loss (nats a token), accuracy and exact prefix (tokens) along the steps.
CREATE TABLE traces (
  id VARCHAR PRIMARY KEY,
  mem FLOAT[] NOT NULL,
  margins FLOAT[] NOT NULL,
  curve_step INTEGER[] NOT NULL,
  curve_cross_entropy FLOAT[] NOT NULL,
  curve_accuracy FLOAT[] NOT NULL,
  curve_exact_prefix INTEGER[] NOT NULL
);
