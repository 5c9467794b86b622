"""The classes and functions of Keras that a configuration may name. Whatever is not here is custom code.

Drawn up from the public names of Keras 3.15; only names are held, so that nothing needs to be imported to check a file.
Left out are the layers and operations that run what the file brings along: Lambda, the wrappers of other libraries'
modules, and the operations that take a function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


LAYERS = _set(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention
    AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional
    CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose
    Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D
    CutMix Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Equalization
    Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization
    GroupQueryAttention HashedCrossing Hashing Identity InputLayer IntegerLookup LSTM LSTMCell LayerNormalization
    LeakyReLU Masking
    MaxNumBoundingBoxes MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp
    MultiHeadAttention Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
    ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D
    SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells StringLookup Subtract TextVectorization TimeDistributed UnitNormalization
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """
)

# Names that Keras 1 and 2 had for some of them
ALIASES = {
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GroupedQueryAttention": "GroupQueryAttention",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}

# Found in models of keras.applications, where Keras keeps them beside the model. Keras 2 registers them as 'Custom>'
# and the name, and an .h5 says nothing more, so their arguments must agree as well.
APPLICATION_LAYERS = {
    "CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
    "LayerScale": "keras.src.applications.convnext",
    "StochasticDepth": "keras.src.applications.convnext",
}

MODELS = frozenset({"Functional", "Model", "Sequential"})

_APPLICATION_ARGUMENTS = {
    "CustomScaleLayer": "scale",
    "LayerScale": "projection_dim",
    "StochasticDepth": "drop_path_rate",
}

# Layers that load a program, which the file brings along or which lies beside it
PROGRAM_LAYERS = frozenset({"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"})

# Wrappers of the TensorFlow Model Optimization Toolkit, which matter in training: the layer inside is whole, and so are its
# weights. Of quantisation-aware training they round weights and outputs, which is left out. `QuantizeLayer` rounds the input.
PRUNING_WRAPPERS = frozenset({"PruneLowMagnitude"})
QUANTISING_WRAPPERS = frozenset({"QuantizeAnnotate", "QuantizeWrapper", "QuantizeWrapperV2"})
TRAINING_WRAPPERS = PRUNING_WRAPPERS | QUANTISING_WRAPPERS
ROUNDED_INPUT = "QuantizeLayer"
# Its kernels are looked up in another array; what is stored as the kernel is not what the network computes with
CLUSTERING_WRAPPER = "ClusterWeights"
_TOOLKIT = "tensorflow_model_optimization"


def is_of_the_toolkit(item: Mapping[str, Any]) -> bool:
    """Return whether a layer's entry is a wrapper of the Model Optimization Toolkit that is taken off, or its input's layer.

    An .h5 file does not say where a class is from.
    """
    return item.get("class_name") in {*TRAINING_WRAPPERS, ROUNDED_INPUT} and _may_be_of_the_toolkit(item)


def is_clustered(item: Mapping[str, Any]) -> bool:
    """Return whether a layer's entry is a wrapper of the Model Optimization Toolkit that looks kernels up."""
    return item.get("class_name") == CLUSTERING_WRAPPER and _may_be_of_the_toolkit(item)


def _may_be_of_the_toolkit(item: Mapping[str, Any]) -> bool:
    module = item.get("module")
    return module is None or (isinstance(module, str) and module.split(".")[0] == _TOOLKIT)


# Layers that Keras 3 has no more
REMOVED_LAYERS = _set(
    """
    AbstractRNNCell AtrousConvolution1D AtrousConvolution2D CuDNNGRU CuDNNLSTM Deconvolution2D Deconvolution3D
    DenseFeatures Highway LocallyConnected1D LocallyConnected2D MaxoutDense Merge RandomHeight RandomWidth
    TensorFlowOpLayer ThresholdedReLU
    """
)

INITIALIZERS = _set(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal LecunUniform
    Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer TruncatedNormal
    VarianceScaling Zeros
    """
)

REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})

CONSTRAINTS = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})

POLICIES = _set(
    """
    AWQDTypePolicy DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy
    QuantizedFloat8DTypePolicy
    """
)

QUANTIZERS = _set(
    """
    AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig Int8QuantizationConfig
    QuantizationConfig
    """
)

ACTIVATIONS = _set(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus
    sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """
)

# Operations by the module of keras.src.ops that defines them
_OPERATIONS = {
    "numpy": """
    Abs Absolute Add All AllClose Amax Amin Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2
    Arctanh Argmax Argmin Argpartition Argsort Array ArraySplit Average Bincount BitwiseAnd BitwiseInvert
    BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor BroadcastTo Cbrt Ceil Clip Concatenate Conj
    Conjugate Copy Corrcoef Correlate Cos Cosh CountNonzero Cross Cumprod Cumsum Deg2rad Diag Diagflat Diagonal Diff
    Digitize Divide DivideNoNan Dot Dsplit Dstack Einsum EmptyLike Equal Exp Exp2 ExpandDims Expm1 Fabs Flip Fliplr
    Flipud Floor FloorDivide Fmax Fmin Fmod Full FullLike Gcd Geomspace GetItem Greater GreaterEqual Heaviside
    Histogram Hsplit Hstack Hypot I0 Imag Inner IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal Kron Lcm
    Ldexp LeftShift Less LessEqual Linspace Log Log10 Log1p Log2 Logaddexp Logaddexp2 LogicalAnd LogicalNot
    LogicalOr LogicalXor Logspace Matmul Max Maximum Mean Median Meshgrid Min Minimum Mod Moveaxis Multiply NanToNum
    Nanargmax Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile
    Nanstd Nansum Nanvar Ndim Negative Nextafter Nonzero NotEqual OnesLike Outer Pad Percentile Power Prod Ptp
    Quantile Rad2deg Ravel Real Reciprocal Repeat Reshape RightShift Roll Rot90 Round SearchSorted Select Sign
    Signbit Sin Sinc Sinh Size Slogdet Sort Split Sqrt Square Squeeze Stack Std Subtract Sum Swapaxes Take
    TakeAlongAxis Tan Tanh Tensordot Tile Trace Transpose Trapezoid Tril Triu TrueDivide Trunc Unique UnravelIndex
    Vander Var Vdot View Vsplit Vstack Where ZerosLike
    """,
    "nn": """
    AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm BinaryCrossentropy CTCDecode CTCLoss
    CategoricalCrossentropy Celu Conv ConvTranspose DepthToSpace DepthwiseConv DotProductAttention Elu Fold Gelu Glu
    HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax MaxPool Moments MultiHot
    Normalize OneHot PSNR Polar RMSNorm Relu Relu6 Selu SeparableConv Sigmoid Silu SoftShrink Softmax Softplus
    Softsign SpaceToDepth SparseCategoricalCrossentropy SparsePlus SparseSigmoid Sparsemax Squareplus TanhShrink
    Threshold Unfold
    """,
    "core": """
    Cast ConvertToTensor SaturateCast Scatter ScatterUpdate Slice SliceUpdate StopGradient Unstack
    """,
    "math": """
    CDist Erf Erfc Erfinv ExtractSequences FFT FFT2 IFFT2 IRFFT ISTFT InTopK Logdet Logsumexp RFFT Rsqrt STFT
    SegmentMax SegmentMin SegmentProd SegmentReduction SegmentSum TopK ViewAsComplex ViewAsReal
    """,
    "image": """
    AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB MapCoordinates PadImages
    PerspectiveTransform RGBToGrayscale RGBToHSV Resize SSIM ScaleAndTranslate SobelEdges
    """,
    "linalg": """
    Cholesky CholeskyInverse Det Eig Eigh Inv Lstsq LuFactor MatrixRank Norm Pinv Qr SVD Solve SolveTriangular
    """,
    "einops": """
    Rearrange
    """,
}

OPERATIONS = {name: f"keras.src.ops.{module}" for module, names in _OPERATIONS.items() for name in names.split()}

# How the package that a class comes from may be called. keras_nlp and the like are other packages: Python would import
# a file of that name from the working folder.
PACKAGES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "tensorflow_core.keras")


def is_from_keras(module: object) -> bool:
    """Return whether a configuration's module is one of Keras, or was left out, as in every .h5."""
    if module is None:
        return True
    return isinstance(module, str) and any(module == name or module.startswith(f"{name}.") for name in PACKAGES)


def is_from_keras_or_builtins(module: object) -> bool:
    """Return the same for a function, which Keras 2.12 to 2.15 give the module 'builtins' whatever it is."""
    return module == "builtins" or is_from_keras(module)


def is_application_layer(item: Mapping[str, Any]) -> bool:
    """Return whether a layer's entry is of one that keras.applications brings along."""
    name, config = str(item.get("class_name")).removeprefix("Custom>"), item.get("config")
    if name not in APPLICATION_LAYERS or not is_from_keras(item.get("module")):
        return False
    return isinstance(config, dict) and (_APPLICATION_ARGUMENTS[name] in config or item.get("module") is not None)
