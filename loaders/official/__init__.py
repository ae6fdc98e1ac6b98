"""How official services are asked, and the formats in which they answer; one door a source lies beside."""
