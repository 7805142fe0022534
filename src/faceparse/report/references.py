"""Which papers a report cites: those whose method its configuration names."""

from collections.abc import Iterable

_ALWAYS = (
    "C.-H. Lee, Z. Liu, L. Wu, P. Luo: MaskGAN: Towards diverse and interactive facial image manipulation. CVPR 2020.",
)
_PAPERS = {
    ("compact",): (
        "O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional networks for biomedical image segmentation. "
        "MICCAI 2015."
    ),
    ("bisenetv2",): "C. Yu et al.: BiSeNet V2: Bilateral network with guided aggregation. IJCV 2021.",
    ("deeplab", "aspp"): (
        "L.-C. Chen et al.: Encoder-decoder with atrous separable convolution for semantic image segmentation. "
        "ECCV 2018."
    ),
    ("psanet", "psahead"): "H. Zhao et al.: PSANet: Point-wise spatial attention network for scene parsing. ECCV 2018.",
    ("upernet", "uperhead"): "T. Xiao et al.: Unified perceptual parsing for scene understanding. ECCV 2018.",
    ("swin",): "Z. Liu et al.: Swin Transformer: Hierarchical vision transformer using shifted windows. ICCV 2021.",
    ("convnext",): "Z. Liu et al.: A ConvNet for the 2020s. CVPR 2022.",
    ("knet", "kernelupdate"): "W. Zhang et al.: K-Net: Towards unified image segmentation. NeurIPS 2021.",
    ("segformer",): "E. Xie et al.: SegFormer: Simple and efficient design for semantic segmentation. NeurIPS 2021.",
    ("fcn",): "J. Long, E. Shelhamer, T. Darrell: Fully convolutional networks for semantic segmentation. CVPR 2015.",
    ("resnet",): "K. He et al.: Deep residual learning for image recognition. CVPR 2016.",
    ("dice",): "F. Milletari, N. Navab, S.-A. Ahmadi: V-Net. 3DV 2016.",
    ("lovasz",): "M. Berman, A. Rannen Triki, M. Blaschko: The Lovász-softmax loss. CVPR 2018.",
    ("focal",): "T.-Y. Lin et al.: Focal loss for dense object detection. ICCV 2017.",
    ("ohem", "hard example"): "A. Shrivastava, A. Gupta, R. Girshick: Training region-based object detectors with "
    "online hard example mining. CVPR 2016.",
    ("adamw",): "I. Loshchilov, F. Hutter: Decoupled weight decay regularization. ICLR 2019.",
    ("muon",): "K. Jordan et al.: Muon: An optimizer for hidden layers in neural networks. 2024.",
    ("cosine",): "I. Loshchilov, F. Hutter: SGDR: Stochastic gradient descent with warm restarts. ICLR 2017.",
    ("average",): "B. Polyak, A. Juditsky: Acceleration of stochastic approximation by averaging. SIAM J. Control and "
    "Optimization 30(4), 1992.",
    ("interval",): "D. Rubin: The Bayesian bootstrap. Annals of Statistics 9(1), 1981.",
    ("mmsegmentation",): "MMSegmentation contributors: OpenMMLab semantic segmentation toolbox and benchmark. 2020.",
}


def references_for(words: Iterable[str]) -> list[str]:
    """The papers behind the methods that some text names, in the order above; the data set's always."""
    text = " ".join(words).lower().replace("á", "a")
    return [*_ALWAYS, *(paper for keys, paper in _PAPERS.items() if any(key in text for key in keys))]
