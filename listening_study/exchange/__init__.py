"""A study handed on: judgements read from webMUSHRA and jsPsych, trials written as jsPsych's, and a frozen archive."""
