// Parse one photo in C++ with onnxruntime: a PPM goes in, a PGM of class ids comes out, at the photo's size.
//
//     g++ -std=c++17 -O2 examples/parse_photo.cpp -I ORT/include -L ORT/lib -l onnxruntime -o parse_photo
//     convert me.jpg me.ppm && ./parse_photo src/faceparse/infer/weights/compact/model.onnx me.ppm ids.pgm
//
// ORT is onnxruntime's release for C and C++. The ids' names and colours: src/faceparse/classes.py.
#include <onnxruntime_cxx_api.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

int main(int, char** arguments) {
  std::ifstream photo(arguments[2], std::ios::binary);
  std::string kind;
  int64_t width = 0, height = 0, top = 0;
  (photo >> kind >> width >> height >> top).get();
  if (kind != "P6" || top != 255 || width < 1 || height < 1) return 1;  // RGB of 8 bits, without comments
  std::vector<uint8_t> pixels(3 * width * height);
  photo.read(reinterpret_cast<char*>(pixels.data()), pixels.size());

  // The network takes the photo as it is; its working size and normalisation are inside
  Ort::Env environment;
  Ort::Session session(environment, arguments[1], Ort::SessionOptions());
  const int64_t shape[] = {1, height, width, 3};
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const auto image = Ort::Value::CreateTensor<uint8_t>(memory, pixels.data(), pixels.size(), shape, 4);
  const char *input = "image", *output = "labels";  // "probabilities" would be 19 floats a pixel, and twice the time
  const auto answers = session.Run(Ort::RunOptions(), &input, &image, 1, &output, 1);

  std::ofstream out(arguments[3], std::ios::binary);
  out << "P5\n" << width << ' ' << height << "\n255\n";
  out.write(reinterpret_cast<const char*>(answers[0].GetTensorData<uint8_t>()), width * height);
  return out ? 0 : 1;
}
