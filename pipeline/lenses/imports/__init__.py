"""What others have measured, as profiles: lensfun's database, Adobe's, CornerFix's and gyroflow's files."""
