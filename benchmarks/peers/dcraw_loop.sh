# LibRaw's dcraw_emu over many files in one process, linear demosaic, then cjpeg q92: dcraw_loop.sh OUT FILE...
# It writes its pictures beside the raw files.
out=$1
shift
dcraw_emu -q 0 -w "$@" || exit
for raw; do
    stem=${raw##*/}
    cjpeg -quality 92 -outfile "$out/${stem%.*}.jpg" "$raw.ppm" || exit
    rm "$raw.ppm"
done
