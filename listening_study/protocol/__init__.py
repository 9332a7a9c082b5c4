"""What a study is, as files in its folder: configuration, texts, design, secret order, sealed key, registration."""
