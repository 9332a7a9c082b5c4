"""The files of a study: configuration, questions, texts, design, secret order, sealed key, registration."""
